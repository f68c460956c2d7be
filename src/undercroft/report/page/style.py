"""The page's one style sheet, and the content security policy that admits it by digest and nothing else at all."""

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--ground:#f6f5f2;--paper:#fff;--ink:#1d2126;--soft:#59616b;--line:#dcd9d2;--code:#f1efea;
--critical:#a3123a;--high:#b8390e;--medium:#8a5a00;--low:#0b6478;--info:#3f5170;--good:#1c6b3c;--accent:#35508f;
--lane0:#eef4ee;--lane1:#eaf1f3;--lane2:#eeeef8;--lane3:#f8f0e2;--lane4:#fae6e4}
@media (prefers-color-scheme:dark){:root{--ground:#14161a;--paper:#1c1f25;--ink:#e8e6e1;--soft:#a4acb8;--line:#343a44;--code:#14171c;
--critical:#ff7d9c;--high:#ff9466;--medium:#f0bd5a;--low:#63cbe0;--info:#a9bbdc;--good:#74d39a;--accent:#9db6f5;
--lane0:#1a231d;--lane1:#18232a;--lane2:#1e2030;--lane3:#2a2318;--lane4:#301a1d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
code,pre,.mono{font-family:ui-monospace,"Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
a{color:var(--accent)}
.wrap{max-width:70rem;margin:0 auto;padding:0 1.25rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem}
header.top{padding:2.6rem 1.25rem 1.4rem}
header.top p.brand{margin:0;font-weight:650;letter-spacing:.14em;text-transform:uppercase;font-size:.78rem;color:var(--accent)}
h1{margin:.2rem 0 .6rem;font-size:2.05rem;line-height:1.18;letter-spacing:-.018em;font-weight:680;text-wrap:balance}
h2{margin:2.8rem 0 1rem;font-size:1.28rem;letter-spacing:-.01em}
h3{margin:0;font-size:1.06rem}
.lede{max-width:48rem;margin:0;color:var(--soft);font-size:1.03rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.4rem,1fr));gap:.7rem;margin:1.6rem 0 0;padding:0;list-style:none}
.tiles li{background:var(--paper);border:1px solid var(--line);border-top:4px solid var(--tone,var(--line));border-radius:.5rem;padding:.7rem .9rem}
.tiles b{display:block;font-size:1.75rem;line-height:1.1;font-weight:680;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:.86rem}
.tiles .none b{color:var(--soft);font-weight:400}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;margin:1.3rem 0 0;padding:.7rem 0;border-block:1px solid var(--line);font-size:.92rem}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;margin:0 0 1.1rem;overflow:hidden}
.card>header{padding:1rem 1.2rem .85rem;border-bottom:1px solid var(--line)}
.card>header p{margin:.2rem 0 0;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.path{display:flex;flex-wrap:wrap;gap:.35rem;align-items:center;margin-top:.55rem;font-size:.87rem}
.path .hop{background:var(--code);border-radius:.3rem;padding:.1rem .5rem;overflow-wrap:anywhere}
.path .to{color:var(--soft)}
details.finding{border-bottom:1px solid var(--line)}
details.finding:last-child{border-bottom:0}
details.finding>summary{cursor:pointer;display:grid;grid-template-columns:5.6rem 1fr auto;gap:.9rem;align-items:baseline;padding:.75rem 1.2rem;list-style:none}
details.finding>summary::-webkit-details-marker{display:none}
details.finding>summary:hover{background:var(--code)}
summary:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:-3px}
summary .title{font-weight:600;overflow-wrap:anywhere}
summary .id{color:var(--soft);font-size:.82rem;white-space:nowrap}
.badge{display:inline-block;min-width:5.2rem;text-align:center;border-radius:.3rem;padding:.08rem .5rem;font-size:.74rem;font-weight:700;letter-spacing:.05em;text-transform:uppercase;border:1.5px solid currentColor;color:var(--tone)}
.badge.critical,.badge.high{background:var(--tone);border-color:var(--tone);color:var(--paper)}
.critical{--tone:var(--critical)}.high{--tone:var(--high)}.medium{--tone:var(--medium)}.low{--tone:var(--low)}.info{--tone:var(--info)}
.unknown{--tone:var(--soft)}.weak{--tone:var(--critical)}.held{--tone:var(--good)}
.body{padding:.1rem 1.2rem 1.15rem 7.7rem}
.body dl{display:grid;grid-template-columns:4.6rem 1fr;gap:.4rem .9rem;margin:.7rem 0 0;font-size:.94rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;min-width:0}
figure.quote{margin:0 0 .5rem}
figure.quote figcaption{font-size:.83rem;color:var(--soft);overflow-wrap:anywhere}
figure.quote pre{margin:.15rem 0 0;padding:.5rem .75rem;background:var(--code);border-left:3px solid var(--tone,var(--line));border-radius:0 .3rem .3rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
.fix{color:var(--good);font-weight:600}
.quiet{color:var(--soft);font-size:.9rem}
.scroll{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:.6rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.6rem .9rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600;color:var(--soft);font-size:.82rem;white-space:nowrap}
tbody th{color:var(--ink);font-size:.92rem;white-space:normal}
tr:last-child>*{border-bottom:0}
.picture{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:1rem;overflow-x:auto}
.picture svg{display:block;width:100%;min-width:40rem;height:auto}
.picture text{fill:var(--ink);font:13px system-ui,"DejaVu Sans",sans-serif}
.picture .lane-name{font-weight:650;font-size:13px}.picture .count,.picture .small{fill:var(--soft);font-size:11.5px}
.lane0{fill:var(--lane0)}.lane1{fill:var(--lane1)}.lane2{fill:var(--lane2)}.lane3{fill:var(--lane3)}.lane4{fill:var(--lane4)}.lane-unknown{fill:none;stroke:var(--line);stroke-dasharray:5 4}
.box{fill:var(--paper);stroke:var(--tone,var(--line));stroke-width:1.5}.bar{fill:var(--tone,var(--line))}
.walk{background:var(--paper);border:1px solid var(--line);border-left:5px solid var(--tone,var(--line));border-radius:.6rem;padding:.9rem 1.1rem;margin:0 0 .9rem;break-inside:avoid}
.walk p{margin:0 0 .7rem}.walk ol{display:flex;flex-wrap:wrap;gap:.6rem 1.9rem;margin:0;padding:0;list-style:none}
.walk li{position:relative;flex:1 1 10rem;max-width:17rem;display:flex;flex-direction:column;gap:.2rem;background:var(--code);border:1px solid var(--line);border-radius:.45rem;padding:.5rem .7rem;font-size:.9rem;overflow-wrap:anywhere}
.walk li+li::before{content:"\\2192";position:absolute;left:-1.5rem;top:.45rem;color:var(--tone,var(--soft));font-weight:700}
.walk li:last-child{border-color:var(--tone,var(--line));border-width:2px}.walk code{color:var(--soft);font-size:.78rem}
ul.plain{list-style:none;margin:0;padding:0}ul.plain>li{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;margin:0 0 .6rem;overflow-wrap:anywhere}
footer{margin:3rem 0 2.5rem;color:var(--soft);font-size:.86rem;border-top:1px solid var(--line);padding-top:1rem}
@media (max-width:44rem){details.finding>summary{grid-template-columns:1fr}.body{padding-left:1.2rem}h1{font-size:1.6rem}}
@media print{:root{--ground:#fff}body{font-size:11pt}nav,.skip{display:none}.card,details.finding,.scroll,.picture,ul.plain>li{break-inside:avoid}
details.finding:not([open])::details-content{content-visibility:visible;block-size:auto}.scroll,.picture{overflow:visible}}
"""
"""Both colour schemes; no font, picture or sheet is loaded from anywhere."""

POLICY = (
    "default-src 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""Content security policy of the page: no script, no request, one style sheet."""
