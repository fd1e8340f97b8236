"use strict";
// Is this share right? Counted on this phone, in whole numbers: each part is the floor of its exact value or a
// fen more, the parts sum to the share, and the fen more follows the published order (docs/money.md).
const told = document.getElementById("share");
const gcd = (a, b) => (b ? gcd(b, a % b) : a);
const part = (text) => { const [top, under = "1"] = String(text).split("/"); return [BigInt(top), BigInt(under)]; };
const add = ([a, b], [c, d]) => { const top = a * d + c * b, under = b * d, by = gcd(top, under) || 1n; return [top / by, under / by]; };
const times = ([a, b], [c, d]) => [a * c, b * d];
const same = ([a, b], [c, d]) => a * d === c * b;
const rest = ([a, b]) => [a % b, b];

// The factors multiplied; the area of a floor divides, its number is told only.
function weightOf(item) {
  let weight = [1n, 1n];
  for (const { name, value } of item.factors) {
    const [top, under] = part(value);
    if (name === "floor_area_dm2") weight = times(weight, [under, top]);
    else if (name !== "floor") weight = times(weight, [top, under]);
  }
  return weight;
}

// A fen more is paid by whoever is in the order up to the last who does; who was passed over pays less.
function inPlace(cut, unit, exact, paid, passed) {
  const more = BigInt(paid) - exact[0] / exact[1], own = rest(exact);
  if (own[0] === 0n) return more === 0n;
  const last = part(cut.remainder), [mine, theirs] = [own[0] * last[1], last[0] * own[1]];
  const among = cut.fen > 0 && (mine > theirs || (mine === theirs && before(unit, cut.unit)));
  return more === (among && !passed ? 1n : 0n);
}

// By code points, as the record sorts its numbers.
function before(one, other) {
  const a = Array.from(one, (c) => c.codePointAt(0)), b = Array.from(other, (c) => c.codePointAt(0));
  for (let n = 0; n < Math.min(a.length, b.length); n++) if (a[n] !== b[n]) return a[n] < b[n];
  return a.length <= b.length;
}

function counted(why) {
  let exact = [0n, 1n], paid = 0n, parts = true;
  for (const item of why.items) {
    const weight = part(item.weight), [all, under] = part(item.weights);
    const own = times(times([BigInt(item.gap_fen), 1n], weight), [under, all]);
    const floor = own[0] / own[1], fen = BigInt(item.amount_fen);
    const near = fen === floor || (fen === floor + 1n && own[0] % own[1] !== 0n);
    const placed = why.cut !== null || inPlace(item.cut, why.unit_number, own, item.amount_fen, false);
    parts = parts && same(weightOf(item), weight) && same(own, part(item.exact_fen)) && near && placed;
    exact = add(exact, own);
    paid += fen;
  }
  const total = paid === BigInt(why.total_fen) && same(exact, part(why.exact_fen)) &&
    (why.cut === null || inPlace(why.cut, why.unit_number, exact, why.total_fen, why.passed_over));
  return [parts && joined(why), total];
}

// Since units joined an item later: the own share without broken fen, or by what the own part became less.
function joined(why) {
  return why.late.every((line) => {
    const [weight, under] = part(line.weight), [all, scale] = part(line.weights);
    const own = times([BigInt(line.whole_fen), 1n], times([weight, under], [scale, all]));
    const most = times(own, [1000n + BigInt(line.uplift_permille), 1000n]);
    const fen = BigInt(line.own ? line.amount_fen : -line.amount_fen);
    const near = line.own ? fen * most[1] <= most[0] && (fen + 1n) * most[1] > most[0]
      : fen === own[0] / own[1] || (fen === own[0] / own[1] + 1n && own[0] % own[1] !== 0n);
    return near && same(most, part(line.exact_fen));
  });
}

// What everybody may read; of who has joined an item later the figures are for the homes of the estate.
async function published(why) {
  const load = async (address) => (await fetch(address)).json();
  const bill = await load(told.dataset.bill);
  const late = why.late.length ? (await load(told.dataset.joined)).late : [];
  const one = (item) => JSON.stringify([item.gap_fen, item.weights, item.payers, item.cut]);
  const items = new Map(bill.items.map((item) => [item.item_id, one(item)]));
  return JSON.stringify([bill.cut, bill.basis, bill.scheme_version]) === JSON.stringify([why.cut, why.basis, why.scheme_version]) &&
    why.items.every((item) => items.get(item.item_id) === one(item)) &&
    why.late.every((line) => late.some((each) => each.item_id === line.item_id &&
      (line.own ? each.gap_fen === line.whole_fen && each.weights === line.weights
        : each.pay_fen === line.whole_fen && each.before === line.weights)));
}

async function check() {
  const why = JSON.parse(told.dataset.told), words = told.dataset;
  const [parts, total] = counted(why), shown = await published(why).catch(() => false);
  for (const [holds, text] of [[parts, words.item], [total, words.total], [shown, words.published]]) {
    const line = document.createElement("li");
    line.className = holds ? "yes" : "no";
    line.textContent = holds ? text : `${words.not} ${text}`;
    told.append(line);
  }
  told.dataset.done = String(parts && total && shown);
}
if (told) check();
