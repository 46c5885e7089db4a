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
from entrypoints.container.room import Room, adapters, once


class AdministrationUseCases(Room):
    """Those of `application/administration/`."""

    create_admin = once(
        CreateAdmin,
        database=adapters.database,
        hasher=adapters.password_hasher,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    find_user = once(FindUser, database=adapters.database)
    list_users = once(ListUsers, database=adapters.database)
    view_user = once(ViewUser, database=adapters.database)
    change_user = once(ChangeUser, database=adapters.database, clock=adapters.clock)
    erase_user = once(
        EraseUser, database=adapters.database, end_account=AccountUseCases.end_account
    )
    read_audit = once(ReadAudit, database=adapters.database)
    look_through_tasks = once(LookThroughTasks, database=adapters.database)
    view_queues = once(ViewQueues, database=adapters.database)
    read_logs = once(ReadLogs, database=adapters.database)
    list_tasks = once(ListTasks, database=adapters.database)
    inspect_task = once(InspectTask, database=adapters.database)
    requeue_task = once(RequeueTask, database=adapters.database)
    drop_task = once(
        DropTask,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
    )
    retain = once(
        Retain,
        database=adapters.database,
        object_store=adapters.object_store,
        policy=adapters.retention_policy,
    )
    sweep_orphans = once(
        SweepOrphans,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
    )
    check_files = once(CheckFiles, database=adapters.database, object_store=adapters.object_store)
