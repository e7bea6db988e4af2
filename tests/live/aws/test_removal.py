"""What blocks the removal of single resources, each on a copy of the deployment."""

from terrace.capabilities.blockers import Blocker, Planned
from terrace.live.aws import removal
from terrace.live.removal import blockers, found
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot


def _removed(site: Site) -> list[Planned]:
    zone = site.client("route53").list_hosted_zones_by_name(DNSName=site.environment.network.entry.domain)
    return [
        Planned("aws_s3_bucket.b", "aws_s3_bucket", {"bucket": "theirs", "region": site.target.region}),
        Planned("aws_s3_bucket.forced", "aws_s3_bucket", {"bucket": "theirs", "force_destroy": True}),
        Planned("aws_ecr_repository.r", "aws_ecr_repository", {"name": f"{site.prefix}/airflow"}),
        Planned("aws_route53_zone.z", "aws_route53_zone", {"zone_id": zone["HostedZones"][0]["Id"]}),
        Planned("aws_lb.entry", "aws_lb", {"name": site.prefix, "enable_deletion_protection": True}),
        Planned("aws_s3_bucket.gone", "aws_s3_bucket", {"bucket": "does-not-exist"}),
    ]


def with_contents(site: Site) -> tuple[list[str], list[Blocker]]:
    s3 = site.client("s3")
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": site.target.region})
    deployment = removal.opened(site.environment, site.target)
    before = found(deployment, removal.CHECKS, _removed(site))
    s3.put_object(Bucket="theirs", Key="a", Body=b"a")
    site.client("ecr").put_image(
        repositoryName=f"{site.prefix}/airflow",
        imageManifest='{"schemaVersion": 2, "config": {}}',
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageTag="1",
    )
    zone = _removed(site)[3].values["zone_id"]
    record = {"Name": "airflow.data.example.com", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    site.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    after = blockers(site.environment, site.target, _removed(site), print)
    return [one.address for one in before], after


def test_contents_that_terraform_did_not_create_block_a_removal(snapshot: Snapshot) -> None:
    before, after = snapshot.run(with_contents)
    assert set(before) <= {"aws_lb.entry", "aws_route53_zone.z"}  # the zone's own records are not removed here
    blocking = {one.address: one for one in after}
    assert set(blocking) == {"aws_s3_bucket.b", "aws_ecr_repository.r", "aws_route53_zone.z", "aws_lb.entry"}
    assert "1 object versions" in blocking["aws_s3_bucket.b"].message
    assert "contains 1 image" in blocking["aws_ecr_repository.r"].message
    assert "did not create: " in blocking["aws_route53_zone.z"].message
    assert "(4 in total)" in blocking["aws_route53_zone.z"].message  # three of the zone's own are not removed here
    assert "enable_deletion_protection" in blocking["aws_lb.entry"].message
    assert all(one.remedy for one in after)
