"""Conversations about versions, resources and extensions."""

from network.neutron import ROOT, Neutron


async def test_versions_need_no_token_and_lead_to_v2(neutron: Neutron) -> None:
    for path in ("/network", "/network/"):
        reply = await neutron.cloud.call("GET", path, user=None)
        (version,) = reply.json()["versions"]
        assert version["id"] == "v2.0" and version["links"][0]["href"].endswith("/network/v2.0/")
    for path in (ROOT, f"{ROOT}/"):
        reply = await neutron.cloud.call("GET", path, user=None)
        names = {resource["collection"] for resource in reply.json()["resources"]}
        assert {"networks", "subnets", "ports", "security_groups"} <= names


async def test_extensions_are_listed_and_shown(neutron: Neutron) -> None:
    listed = (await neutron.get("/extensions"))["extensions"]
    aliases = {extension["alias"] for extension in listed}
    assert {"router", "security-group", "external-net", "standard-attr-tag"} <= aliases
    assert "dvr" not in aliases and "trunk" not in aliases
    shown = (await neutron.get("/extensions/router"))["extension"]
    assert shown["alias"] == "router"
    assert (await neutron.cloud.call("GET", f"{ROOT}/extensions/dvr")).status_code == 404


async def test_faults_have_neutrons_form(neutron: Neutron) -> None:
    unknown = await neutron.cloud.call("GET", f"{ROOT}/nothing")
    assert unknown.status_code == 404 and "NeutronError" in unknown.json()
    nobody = await neutron.cloud.call("GET", f"{ROOT}/networks", user=None)
    assert nobody.status_code == 401
