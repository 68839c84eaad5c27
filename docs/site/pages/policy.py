"""The page of the policy: every rule with its default, and what it opens."""

from pages.api import title
from pages.markdown import GENERATED, code, join, table
from pages.sources import API_PAGES, Sources, read_sentences
from pilvi.core.http import Check, Service, policy

HEAD = ("rule", "default", "what for", "operations")


def make_page(sources: Sources) -> str:
    """Every rule that an operator may write anew."""
    sentences = read_sentences(policy)["Check"]
    return join(
        "# Rules of the policy",
        GENERATED,
        "Every route of every API names one of these rules. "
        "[Change who may do what](../how-to/policy.md) says how to write your own.",
        "## Defaults",
        table(
            ("default", "who passes", "as `policy.yaml` writes it"),
            ((code(c.value), sentences[c.name], code(c.expression)) for c in Check),
        ),
        *(_section(service) for service in sources.public_services),
    )


def _section(service: Service) -> str:
    page = API_PAGES[service.name].rpartition("/")[2]
    counts = {rule.name: 0 for rule in service.rules}
    for route in [*service.routes, *service.discovery]:
        counts[route.policy] += 1
    rows = (
        (code(rule.name), code(rule.default.value), rule.sentence, f"[{counts[rule.name]}]({page})")
        for rule in service.rules
    )
    return join(f"## {title(service)}", table(HEAD, rows))
