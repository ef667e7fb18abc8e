"""How a page looks: by the reader's choice light or dark, on a telephone and on paper."""

from html import escape

_CSS = """
:root{color-scheme:light dark;--ink:#1c1c1c;--ground:#fff;--soft:#5a5a5a;--line:#c9c9c9;--link:#0b5394;--author:#fff6db}
@media (prefers-color-scheme:dark){
:root{--ink:#ececec;--ground:#161616;--soft:#b3b3b3;--line:#4d4d4d;--link:#8ec1f5;--author:#3b3214}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem;max-width:62rem;color:var(--ink);background:var(--ground);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:break-word}
h1{font-size:1.7rem;line-height:1.25;margin:.4em 0}
h2{font-size:1.3rem;margin:2em 0 .5em;border-top:1px solid var(--line);padding-top:.8em}
h3{font-size:1.05rem;margin:1.4em 0 .4em}a{color:var(--link)}
nav ol{columns:2;padding-left:1.6em}@media (max-width:34rem){nav ol{columns:1}}
.soft{color:var(--soft)}.author{background:var(--author);border-left:.3rem solid #b58900;padding:.5em .8em}
.hlmrs{margin:.6em 0;max-width:none!important}.hlmrs:focus-visible{outline:2px solid var(--link)}
.hlmrs .k{opacity:1!important;color:var(--soft)}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.2em .8em .2em 0;vertical-align:top;text-align:left}thead th{border-bottom:1px solid var(--line)}
.n{text-align:right!important}caption{text-align:left;font-weight:600;padding:.2em 0}
pre{margin:0;padding:.8em;width:max-content;min-width:100%;border:1px solid var(--line);
font-size:.86rem;line-height:1.4}
figure{margin:1em 0}img{max-width:100%;height:auto;background:#fff;border-radius:.2rem}
math{font-size:1.05em}math[display=block]{text-align:left}
@media print{body{max-width:none;font-size:10pt}h2{break-after:avoid}figure,table{break-inside:avoid}nav{display:none}}
"""


def document(title: str, body: str) -> str:
    """Return the page."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body><main>{body}</main></body></html>\n"
    )
