"""What a new cloud has from the start."""

from cloud import Cloud
from network.neutron import Neutron
from pilvi.network.operations.seed import seed_network
from pilvi.settings import Settings


async def test_the_first_networks_have_the_ranges_of_the_settings(cloud: Cloud) -> None:
    ids = cloud.project_ids
    settings = Settings(external_cidr="198.51.100.0/24", private_cidr="10.77.0.0/20")
    async with cloud.db.write() as tx:
        await seed_network(tx, settings, ids["admin"], ids["demo"])
    neutron = Neutron(cloud)
    outside = await neutron.named("subnets", "public-subnet", "admin")
    assert (outside["cidr"], outside["gateway_ip"]) == ("198.51.100.0/24", "198.51.100.1")
    assert not outside["enable_dhcp"] and outside["project_id"] == ids["admin"]
    inside = await neutron.named("subnets", "private-subnet")
    assert (inside["cidr"], inside["gateway_ip"]) == ("10.77.0.0/20", "10.77.0.1")
    assert inside["enable_dhcp"] and inside["dns_nameservers"] == []
    assert inside["project_id"] == ids["demo"]
    router = await neutron.named("routers", "router1")
    addresses = router["external_gateway_info"]["external_fixed_ips"]
    assert [one["subnet_id"] for one in addresses] == [outside["id"]]
