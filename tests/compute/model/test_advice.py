"""What the owner of a server can do next: the words of its fault, and the end of an ERROR."""

from compute.blanks import blank_server
from pilvi.compute.model.advice import end_of_error, fault_words, list_server_steps
from pilvi.compute.model.state import Desired, Observed
from pilvi.core.story import Wait
from pilvi.host_api.vms import Power
from pilvi.hosts.model.advice import TRIED_AGAIN

NEVER = blank_server(given_up=True)
BROKEN = blank_server(failed_generation=1, observed=Observed(is_launched=True))


def test_a_server_that_never_ran_is_deleted_and_one_that_did_is_started_anew() -> None:
    assert f"openstack server delete {NEVER.id}" in end_of_error(NEVER)
    assert f"reboot --hard {BROKEN.id}" in end_of_error(BROKEN)


def test_a_faults_words_end_with_a_step_where_one_is_known() -> None:
    full = "cannot make the disk: no space left on the host's disk"
    told = fault_words(NEVER, full, is_over=True)
    assert told.startswith(f"{full}. Next step: ask the operator") and "server delete" in told
    still = fault_words(NEVER, full, is_over=False)
    assert "make room" in still and "server delete" not in still
    assert fault_words(NEVER, "cannot start the guest", is_over=True) == "cannot start the guest"


def test_steps_follow_state_and_trouble() -> None:
    paused = blank_server(
        desired=Desired(power=Power.PAUSED),
        observed=Observed(
            is_launched=True, power=Power.PAUSED, boot_generation=1, image_generation=1
        ),
    )
    (step,) = list_server_steps(paused, [], [])
    assert f"unpause {paused.id}" in step
    down = [Wait(words="its host, which is not heard of since noon")]
    (step,) = list_server_steps(paused, down, [])
    assert step.startswith("wait for the host")
    (step,) = list_server_steps(paused, [Wait(words="the end of 'spawning'")], [])
    assert step.startswith("wait: nothing is wrong")
    failing = [Wait(words="the end of 'spawning'", tries=2, last_error="cannot staple it")]
    assert list_server_steps(paused, failing, []) == (TRIED_AGAIN,)
