"""The page's style sheet: light and dark, on a phone and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif;
  --page: #ffffff; --ink: #1b1f24; --faint: #5c6570; --line: #d0d5da; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --page: #15181c; --ink: #e6e9ec; --faint: #a2abb4; --line: #3a4149; --link: #7ab8f5; } }
* { box-sizing: border-box; }
body { max-width: 92rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  overflow-wrap: break-word; }
a { color: var(--link); }
h1, h2, h3, h4 { line-height: 1.25; margin: 2rem 0 .5rem; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .3rem; margin-top: 3rem; }
p, li { max-width: 70ch; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .2rem 0 .8rem; list-style: none; }
.wide, figure { overflow-x: auto; max-width: 100%; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start; }
figure { margin: .5rem 0; }
figure svg { display: block; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; }
thead th { font-weight: 600; border-bottom: 1px solid var(--line); vertical-align: bottom; white-space: normal;
  overflow-wrap: normal; max-width: 9rem; }
tbody th { font-weight: inherit; }
.name { text-align: left; position: sticky; left: 0; background: var(--page); }
thead .name { max-width: none; }
.group { border-left: 1px solid var(--line); }
.floor td, .floor th, .yes td, .yes th, small { color: var(--faint); }
small { display: block; font-size: .8em; }
abbr { text-decoration: none; }
.seeking > *, .yes > * { border-top: 1px solid var(--line); }
.nothing { color: var(--faint); font-style: italic; }
@media (max-width: 40rem) {
  .name { min-width: 7.5rem; max-width: 9rem; white-space: normal; overflow-wrap: anywhere; }
  th, td { padding: .25rem .4rem; } }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { color-scheme: light; font-size: 10px; --page: #ffffff; --ink: #000000; --faint: #444444; --line: #999999;
    --link: #000000; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  .wide, figure { overflow: visible; }
  table { font-size: 8px; }
  th, td { padding: .15rem .3rem; }
  .name { position: static; }
  figure svg { max-width: 100%; max-height: 180mm; }
  figure, tr, h2, h3, h4 { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
}
"""
