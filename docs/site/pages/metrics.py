"""The page of metrics: every family of `/metrics` with its labels."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

import pilvi.metrics.page
from pages.markdown import GENERATED, code, join, paragraphs, table
from pages.sources import Sources
from pilvi.core.db import now
from pilvi.core.http.measured import RequestMetrics
from pilvi.metrics.families import CloudFamilies
from pilvi.metrics.page import MetricsPage
from pilvi.metrics.picture import Picture


def make_page(sources: Sources) -> str:
    """Every family."""
    rows = (
        (code(name_of(one)), one.type, ", ".join(map(code, _labels(one))), one.documentation)
        for one in list_families()
    )
    return join(
        "# Metrics",
        GENERATED,
        paragraphs(pilvi.metrics.page.__doc__),
        table(("name", "type", "labels", "what it says"), rows),
    )


def list_families() -> Iterator[Metric]:
    """What a cloud without hosts says, after one request."""
    requests = RequestMetrics()
    requests.durations.labels("compute", "GET", "/servers", "2xx").observe(0.01)
    MetricsPage("", requests, _see_nothing)
    yield from requests.registry.collect()
    yield from CloudFamilies(Picture(at=now())).collect()


def name_of(family: Metric) -> str:
    """A family's name as it is asked for."""
    return family.name + ("_total" if family.type == "counter" else "")


async def _see_nothing() -> Picture:
    return Picture(at=now())


def _labels(family: Metric) -> list[str]:
    names = list(getattr(family, "_labelnames", ()))
    seen = (name for sample in family.samples for name in sample.labels if name != "le")
    return names or list(dict.fromkeys(seen))
