"""What operators and administrators do."""

from application.administration.change_user import ChangeUser
from application.administration.check_files import CheckFiles
from application.administration.create_admin import CreateAdmin
from application.administration.drop_task import DropTask
from application.administration.erase_user import EraseUser
from application.administration.find_user import FindUser
from application.administration.inspect_task import InspectTask
from application.administration.list_tasks import ListTasks
from application.administration.list_users import ListUsers
from application.administration.look_through_tasks import LookThroughTasks
from application.administration.read_audit import ReadAudit
from application.administration.read_logs import ReadLogs
from application.administration.requeue_task import RequeueTask
from application.administration.retain import Retain
from application.administration.sweep_orphans import SweepOrphans
from application.administration.view_queues import ViewQueues
from application.administration.view_user import ViewUser
from entrypoints.container.accounts import AccountUseCases
from entrypoints.container.room import Room, adapters, use_case


class AdministrationUseCases(Room):
    """Those of `application/administration/`."""

    create_admin = use_case(CreateAdmin, hasher=adapters.password_hasher)
    find_user = use_case(FindUser)
    list_users = use_case(ListUsers)
    view_user = use_case(ViewUser)
    change_user = use_case(ChangeUser)
    erase_user = use_case(EraseUser, end_account=AccountUseCases.end_account)
    read_audit = use_case(ReadAudit)
    look_through_tasks = use_case(LookThroughTasks)
    view_queues = use_case(ViewQueues)
    read_logs = use_case(ReadLogs)
    list_tasks = use_case(ListTasks)
    inspect_task = use_case(InspectTask)
    requeue_task = use_case(RequeueTask)
    drop_task = use_case(DropTask)
    retain = use_case(Retain, policy=adapters.retention_policy)
    sweep_orphans = use_case(SweepOrphans)
    check_files = use_case(CheckFiles)
