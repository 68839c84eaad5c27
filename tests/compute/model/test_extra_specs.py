"""Extra specs of known names have known values."""

import pytest

from pilvi.compute.model.extra_specs import check_extra_specs
from pilvi.errors import InvalidRequest


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hw:cpu_policy", "shared"),
        ("hw:numa_nodes", "2"),
        ("hw:numa_cpus.0", "0-3,^2"),
        ("hw:mem_page_size", "2MB"),
        ("hw:boot_menu", "True"),
        ("hw_rng:allowed", "yes"),
        ("os:secure_boot", "required"),
        ("quota:disk_read_iops_sec", "100"),
        ("resources:VCPU", "2"),
        ("resources1:CUSTOM_GOLD", "1"),
        ("trait_NET:HW_NIC_SRIOV", "required"),
        ("hide_hypervisor_id", "true"),
        ("capabilities:anything", "<in> x"),
        ("aggregate_instance_extra_specs:ssd", "true"),
        ("my:own", "whatever"),
        ("plain", "whatever"),
    ],
)
def test_good_ones_pass(key: str, value: str) -> None:
    check_extra_specs({key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hw:cpu_policy", "sharrred"),
        ("hw:cpu_polciy", "shared"),
        ("hw:numa_nodes", "0"),
        ("hw:boot_menu", "maybe"),
        ("trait:HW_NIC_SRIOV", "preferred"),
        ("resources:VCPU", "-1"),
        ("hide_hypervisor_id", "maybe"),
    ],
)
def test_wrong_ones_are_refused(key: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=r"cannot keep the extra spec"):
        check_extra_specs({"hw:cpu_policy": "dedicated", key: value})
