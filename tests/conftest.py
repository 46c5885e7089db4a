"""What any test may ask for: real services, started when the first test wants one."""

from tests.services.postgres import mortal_postgres as mortal_postgres
from tests.services.postgres import postgres as postgres
from tests.services.seaweedfs import s3_service as s3_service
