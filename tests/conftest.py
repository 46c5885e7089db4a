"""What any test may ask for: real services, started when the first test wants one."""

from tests.services.postgres import mortal_postgres as mortal_postgres
from tests.services.postgres import postgres as postgres
from tests.services.rabbitmq import mortal_rabbitmq as mortal_rabbitmq
from tests.services.rabbitmq import rabbitmq as rabbitmq
from tests.services.seaweedfs import s3_service as s3_service
from tests.services.sqs import sqs as sqs
