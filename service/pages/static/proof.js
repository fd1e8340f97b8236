"use strict";
// Is this ballot in the published tree? Counted on this phone, from the ballot's leaf to the signed head
// (RFC 6962 section 2.1.1, SHA-256; Ed25519 where the browser can). It says which of them it did.
const said = document.getElementById("proof");
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const node = async (left, right) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array([1, ...left, ...right])));

// The root that follows from a leaf and its sisters; nothing where the path has the wrong length.
async function rootOf(proof) {
  let at = proof.index, last = proof.size - 1, top = bytes(proof.leaf);
  for (const sister of proof.path.map(bytes)) {
    if (last === 0) return "";
    if (at % 2 === 1 || at === last) {
      top = await node(sister, top);
      while (at % 2 === 0 && at !== 0) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
    } else top = await node(top, sister);
    at = Math.floor(at / 2); last = Math.floor(last / 2);
  }
  return last === 0 ? hex(top) : "";
}

// The code on the receipt is the first 60 bits of the leaf, in Crockford's base 32.
function codeOf(leaf) {
  let bits = BigInt("0x" + leaf.slice(0, 15)), code = "";
  for (let n = 0; n < 12; n++) { code = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number(bits & 31n)] + code; bits >>= 5n; }
  return code;
}

// true, false, or undefined where this browser does not know Ed25519.
async function signed(proof) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", bytes(proof.key), "Ed25519", false, ["verify"]);
  } catch { return undefined; }
  return crypto.subtle.verify("Ed25519", key, bytes(proof.signature), new TextEncoder().encode(proof.statement));
}

async function check() {
  const proof = JSON.parse(said.dataset.proof), head = JSON.parse(proof.statement), words = said.dataset;
  const isOwn = codeOf(proof.leaf) === proof.code.replaceAll("-", "");
  const inTree = head.root === (await rootOf(proof)) && head.tree_size === proof.size;
  const isSigned = await signed(proof);
  const lines = [
    [isOwn, isOwn ? words.own : words.notOwn],
    [inTree, inTree ? words.inTree : words.notInTree],
    [isSigned, isSigned === undefined ? words.cannot : isSigned ? words.signed : words.notSigned],
  ];
  for (const [holds, text] of lines) {
    const line = document.createElement("li");
    line.className = holds === undefined ? "wait" : holds ? "yes" : "no";
    line.textContent = text;
    said.append(line);
  }
  said.dataset.done = String(isOwn && inTree && isSigned !== false);
}
if (said && globalThis.crypto?.subtle) check();
