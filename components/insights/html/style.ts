/** The whole look of a page: nothing is loaded. Colours are for light first, and for dark where the reader's system is. */
export const style = `
:root{color-scheme:light dark;--paper:#f6f6f3;--card:#fff;--ink:#1d2125;--soft:#5d6670;--line:#e2e2dc;--track:#f0f0ec;
--cached:#c9cdd1;--run:#2563eb;--second:#0d9488;--third:#9333ea;--fourth:#c2410c;--bad:#c62828;--warn:#b45309;--warnpaper:#fff7e8;--good:#15803d}
@media(prefers-color-scheme:dark){:root{--paper:#111417;--card:#1a1e23;--ink:#e7eaed;--soft:#9aa4ae;--line:#2c333a;--track:#22272d;
--cached:#4a535c;--run:#5b8def;--second:#2bb3a3;--third:#b57bee;--fourth:#e58a4f;--bad:#f2746b;--warn:#f0b455;--warnpaper:#2c2516;--good:#58c27d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 64px}
code,pre,.step{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
header.page{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:20px}
header.page h1{font-size:17px;font-weight:600;margin:0}
header.page p{margin:0;color:var(--soft);font-size:13px}
article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:24px 26px 10px;margin-bottom:26px}
article>header{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}
h2{font-size:26px;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h3{font-size:12px;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:30px 0 10px}
.chip{font-size:13px;font-weight:600;border-radius:99px;padding:2px 11px;color:var(--good);border:1px solid currentColor}
.chip.failed{color:var(--bad)}
.lead{margin:10px 0 0;color:var(--soft);overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:1px;margin:20px 0 0;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.facts div{background:var(--card);padding:11px 15px}
.facts dt{font-size:12px;color:var(--soft)}
.facts dd{margin:0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.facts small{font-weight:400;font-size:12px;color:var(--soft);letter-spacing:0}
.why{margin:0 0 8px;padding:12px 16px;border-left:3px solid var(--warn);background:var(--warnpaper);border-radius:0 8px 8px 0;overflow-wrap:anywhere}
.why .step{display:block;font-size:12.5px;color:var(--soft);margin-top:3px}
.why.bad{border-color:var(--bad)}
.note{margin:-4px 0 12px;font-size:13px;color:var(--soft)}
.path{display:flex;height:34px;border-radius:8px;overflow:hidden;background:var(--track);gap:2px}
.path span{min-width:3px;background:var(--cached)}
.path .nodes{background:var(--run)}
.path .index{background:var(--third)}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:9px 0 0;padding:0;font-size:13px;color:var(--soft)}
.legend b{color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
.legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px;background:var(--cached)}
.legend i.nodes,.p0{background:var(--run)!important}.legend i.index{background:var(--third)}
.p1{background:var(--second)!important}.p2{background:var(--third)!important}.p3{background:var(--fourth)!important}
.only{float:right;font-size:13px;color:var(--soft);margin-top:-32px;cursor:pointer}
.only input{accent-color:var(--run);margin:0 5px 0 0;vertical-align:-1px}
article:has(.only input:checked) .all-cached{display:none}
.rows{border-top:1px solid var(--line)}
details.row{border-bottom:1px solid var(--line)}
.row>summary:hover{background:var(--track)}
.row>summary{display:grid;grid-template-columns:minmax(0,38%) 1fr;gap:16px;align-items:center;padding:6px 0;cursor:pointer;list-style:none}
.row>summary::-webkit-details-marker{display:none}
.row>summary:focus-visible{outline:2px solid var(--run);outline-offset:2px;border-radius:4px}
.row .step{font-size:12.5px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.row[open] .step{white-space:pre-wrap;overflow-wrap:anywhere}
.all-cached .step{color:var(--soft)}
.lane{position:relative;height:18px;display:block}
.row .lane::before{content:"";position:absolute;inset:8px 68px 8px 0;border-radius:3px;background:var(--track)}
.lane .room{position:absolute;inset:0 68px 0 0}
.axis{display:grid;grid-template-columns:minmax(0,38%) 1fr;gap:16px;padding:0 0 2px;font-size:11px;color:var(--soft)}
.axis i{position:absolute;bottom:0;transform:translateX(-50%);font-style:normal;white-space:nowrap;font-variant-numeric:tabular-nums}
.axis i:first-child{transform:none}
.bar{position:absolute;top:3px;height:12px;min-width:3px;max-width:100%;border-radius:3px}
.bar.cached{background:var(--cached)!important}
.bar.failed{background:var(--bad)!important}
.bar.missed{box-shadow:0 0 0 2px var(--card),0 0 0 4px var(--warn)}
.lane .time{position:absolute;right:0;top:0;width:64px;text-align:right;font-size:12px;line-height:18px;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.lane .time.ran{color:var(--ink)}
.more{padding:2px 0 14px;font-size:13px}
.more p{margin:4px 0;overflow-wrap:anywhere}
pre{margin:6px 0 0;padding:10px 12px;background:var(--track);border-radius:8px;font-size:12px;line-height:1.5;overflow:auto;max-height:340px;white-space:pre-wrap;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th{font-weight:500;color:var(--soft);text-align:left;font-size:12.5px}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td code{font-size:12.5px;overflow-wrap:anywhere}
.less{color:var(--good)}.more-time{color:var(--warn)}
footer{color:var(--soft);font-size:13px}
@media(max-width:640px){td code{display:block;min-width:190px}.facts small{display:block}main{padding:16px 10px 40px}article{padding:18px 15px 6px;border-radius:12px}h2{font-size:22px}
.facts{grid-template-columns:1fr 1fr}.row>summary,.axis{grid-template-columns:minmax(0,1fr);gap:3px;padding:8px 0}.axis{padding:0}.only{float:none;display:block;margin:-4px 0 10px}}
@media print{body{background:#fff}article{border:0;padding:0}details.row>*{display:block}}
`;
