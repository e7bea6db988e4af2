from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_analyzers(aws: Aws) -> None:
    analyzer, name = aws("accessanalyzer"), aws.name()
    arn = analyzer.create_analyzer(analyzerName=name, type="ACCOUNT", tags={"owner": "a"})["arn"]
    analyzer.tag_resource(resourceArn=arn, tags={"tier": "dev"})
    analyzer.untag_resource(resourceArn=arn, tagKeys=["owner"])
    found = analyzer.get_analyzer(analyzerName=name)["analyzer"]
    assert (found["type"], found["status"], found["tags"]) == ("ACCOUNT", "ACTIVE", {"tier": "dev"})
    assert analyzer.list_findings(analyzerArn=arn)["findings"] == []
    assert analyzer.list_findings_v2(analyzerArn=arn)["findings"] == []
    analyzer.delete_analyzer(analyzerName=name)
    try:
        analyzer.list_findings(analyzerArn=arn)
        raise AssertionError("not refused")
    except analyzer.exceptions.ResourceNotFoundException:
        pass
    assert analyzer.list_analyzers()["analyzers"] == []
