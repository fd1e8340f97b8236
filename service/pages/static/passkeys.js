// The page of signing in: what it shows, and what it asks of the browser's passkeys.
"use strict";

const by = (id) => document.getElementById(id);
const words = document.body.dataset;
let formToken = "";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function asked(path, body) {
  const post = body !== undefined;
  const headers = { "Accept-Language": document.documentElement.lang };
  if (post) headers["Content-Type"] = "application/json";
  if (formToken) headers["X-Form-Token"] = formToken;
  const answer = await fetch(path, {
    method: post ? "POST" : "GET", headers, body: post ? JSON.stringify(body) : undefined,
  });
  const said = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(said.detail || words.away);
  return said;
}

async function made(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      rp: { id: options.rp_id, name: options.rp_id },
      user: {
        id: new TextEncoder().encode(options.user_id),
        name: options.user_name, displayName: options.user_label,
      },
      challenge: toBytes(options.challenge),
      pubKeyCredParams: options.algorithms.map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: options.excluded.map((id) => ({ type: "public-key", id: toBytes(id) })),
      authenticatorSelection: {
        residentKey: "required", requireResidentKey: true, userVerification: "required",
      },
      attestation: "none",
    },
  });
  return {
    id: credential.id,
    client_data: toText(credential.response.clientDataJSON),
    attestation: toText(credential.response.attestationObject),
  };
}

async function signed(options) {
  const credential = await navigator.credentials.get({
    publicKey: {
      rpId: options.rp_id, challenge: toBytes(options.challenge), userVerification: "required",
    },
  });
  return {
    id: credential.id,
    client_data: toText(credential.response.clientDataJSON),
    authenticator_data: toText(credential.response.authenticatorData),
    signature: toText(credential.response.signature),
  };
}

function show(section) {
  for (const id of ["outside", "invited", "inside"]) by(id).hidden = id !== section;
}

function list(keys) {
  by("keys").replaceChildren(...keys.map((key) => {
    const item = document.createElement("li");
    const when = key.last_used_at
      ? `${words.last} ${new Date(key.last_used_at).toLocaleString(document.documentElement.lang)}`
      : words.never;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = words.remove;
    remove.setAttribute("aria-label", `${words.remove} ${key.label}`);
    remove.addEventListener("click", trying(remove, async () => {
      list(await asked(`v1/passkeys/${key.id}/removal`, {}));
    }));
    item.append(`${key.label} – ${when} `, remove);
    return item;
  }));
}

async function inside(session) {
  formToken = session.form_token;
  by("who").textContent = session.actor_id;
  show("inside");
  list(await asked("v1/passkeys"));
}

function trying(button, work) {
  return async () => {
    by("told").textContent = "";
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      const stopped = error instanceof DOMException;
      by("told").textContent = stopped ? words.aborted : error.message;
    } finally {
      button.disabled = false;
    }
  };
}

function on(id, work) {
  by(id).addEventListener("click", trying(by(id), work));
}

const invitation = decodeURIComponent(location.hash.slice(1));
const taken = async (path, body) => {
  const account = await asked(path, { ...body, cookie: true });
  history.replaceState(null, "", location.pathname);
  await inside(account);
};

on("use", async () => {
  const options = await asked("v1/sign-in/passkey-challenges", {});
  const passkey = await signed(options);
  await inside(await asked("v1/sign-in/passkey", { attempt: options.attempt, passkey, cookie: true }));
});
on("accept", async () => {
  const options = await asked(`v1/invitations/${invitation}/passkey-challenges`, {});
  const label = by("new-label").value.trim() || options.rp_id;
  const passkey = await made(options);
  await taken(`v1/invitations/${invitation}/passkeys`, { attempt: options.attempt, label, passkey });
});
on("play", () => taken(`v1/invitations/${invitation}`, {}));
on("add", async () => {
  const options = await asked("v1/passkey-challenges", {});
  const label = by("more-label").value.trim() || options.rp_id;
  const passkey = await made(options);
  await asked("v1/passkeys", { attempt: options.attempt, label, passkey });
  list(await asked("v1/passkeys"));
});
on("code", async () => {
  by("terminal-code").textContent = (await asked("v1/session/terminal-codes", {})).code;
});
on("out", async () => {
  await asked("v1/sign-out", {});
  formToken = "";
  show("outside");
  by("told").textContent = words.out;
});

(async () => {
  if (!window.PublicKeyCredential) by("told").textContent = words.unsupported;
  if (/^i1\.[A-Za-z0-9_-]{43}$/.test(invitation)) {
    try {
      const seen = await asked(`v1/invitations/${invitation}`);
      by("invited-name").textContent = seen.name;
      by("with-passkey").hidden = !seen.needs_password;
      by("as-player").hidden = seen.needs_password;
      by("by-provider").href = `v1/sign-in/oidc?goes_to=/sign-in&invitation=${invitation}`;
      by("by-password").href = `office/invited/${invitation}`;
      show("invited");
    } catch (error) {
      show("outside");
      by("told").textContent = error.message;
    }
    return;
  }
  try {
    await inside(await asked("v1/session"));
  } catch {
    show("outside");
  }
})();
