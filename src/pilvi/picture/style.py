"""The colours of the picture: rules that a page takes with its own, and a palette beside a page.

Rules name colours by what they are for, as the dashboard's style sheet does.
"""

RULES = """
.picture text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
.picture .title{font-weight:600}.picture .faint{fill:var(--soft)}
.picture .page{fill:var(--ground)}.picture .box{fill:var(--paper);stroke:var(--line)}
.picture .inner{fill:var(--ground);stroke:var(--line)}.picture .box.down{stroke:var(--bad)}
.picture .bar{fill:var(--quiet-soft)}.picture .used{fill:var(--accent)}
.picture .leaving{fill:var(--busy)}.picture .inner.leaving{fill:var(--busy-soft)}
.picture .inner.bad{stroke:var(--bad)}.picture text.bad{fill:var(--bad)}
.picture text.busy{fill:var(--busy)}
.picture .dot{fill:var(--soft)}.picture .dot.good{fill:var(--good)}
.picture .dot.busy{fill:var(--busy)}.picture .dot.bad{fill:var(--bad)}
.picture .iscsi{fill:none;stroke:var(--accent);stroke-width:2}
.picture .copy{fill:none;stroke:var(--busy);stroke-width:2;stroke-dasharray:7 5}
.picture .tip{fill:var(--busy)}
.picture .heat-1{fill:var(--heat-1)}.picture .heat-2{fill:var(--heat-2)}
.picture .heat-3{fill:var(--heat-3)}.picture .heat-4{fill:var(--heat-4)}
.picture a:hover text{text-decoration:underline}
.picture a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media(prefers-reduced-motion:no-preference){
.picture .copy{animation:copying 0.9s linear infinite}
@keyframes copying{to{stroke-dashoffset:-24}}}
"""

_LIGHT = """--ground:#f5f7f8;--paper:#fff;--line:#b9c4ca;--ink:#17232a;--soft:#55646d;
--accent:#0b6e75;--good:#1a6b3c;--busy:#8a5300;--busy-soft:#fdf1dc;--bad:#a8232f;
--quiet-soft:#dfe5e8;--heat-1:#e0b23c;--heat-2:#e08a1e;--heat-3:#d15a1f;--heat-4:#b3261e"""
_DARK = """--ground:#10171b;--paper:#182126;--line:#465863;--ink:#e4ebee;--soft:#9eb0b9;
--accent:#5cc4cb;--good:#7fd3a0;--busy:#f0bd6c;--busy-soft:#3a2c13;--bad:#f59aa2;
--quiet-soft:#2d3b43;--heat-1:#8a7a2c;--heat-2:#c08a2a;--heat-3:#e8843c;--heat-4:#ff6b5e"""

STANDALONE = f"svg{{{_LIGHT}}}\n@media(prefers-color-scheme:dark){{svg{{{_DARK}}}}}{RULES}"
"""For a picture that no page is around: its own colours, by the viewer's preference."""
