from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_group_class(aws: Aws) -> None:
    logs, name = aws("logs"), aws.name()
    logs.create_log_group(logGroupName=name, logGroupClass="INFREQUENT_ACCESS")
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    assert found["logGroupClass"] == "INFREQUENT_ACCESS"


@fails_on_stock_moto
def test_saved_queries(aws: Aws) -> None:
    logs, name = aws("logs"), aws.name()
    created = logs.put_query_definition(name=name, queryString="fields @message", logGroupNames=["a"])
    found = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert [query["queryDefinitionId"] for query in found] == [created["queryDefinitionId"]]
    assert logs.delete_query_definition(queryDefinitionId=created["queryDefinitionId"])["success"] is True
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []
