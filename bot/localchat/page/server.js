// Calls of the user's side and of the simulator.

const asked = new URLSearchParams(location.search).get("user");
export const userId = asked && /^\d+$/.test(asked) ? Number(asked) : null;

const who = () => (userId === null ? {} : { user_id: userId });

function withUser(path, query = {}) {
  const search = new URLSearchParams({ ...who(), ...query }).toString();
  return search ? `/user/${path}?${search}` : `/user/${path}`;
}

async function readAnswer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error?.message ?? body.error ?? `HTTP ${response.status}`);
  return body;
}

const json = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const act = async (path, body = {}) => readAnswer(await fetch(`/user/${path}`, json({ ...who(), ...body })));
export const look = async (path, query = {}) => readAnswer(await fetch(withUser(path, query)));
export const events = () => new EventSource(withUser("events"));

export async function upload(file, caption) {
  const form = new FormData();
  if (userId !== null) form.append("user_id", String(userId));
  form.append("caption", caption);
  form.append("file", file, file.name);
  const isPicture = ["image/png", "image/jpeg", "image/webp", "image/gif"].includes(file.type);
  return readAnswer(await fetch(isPicture ? "/user/photo" : "/user/document", { method: "POST", body: form }));
}

export const simulator = {
  look: async (path) => readAnswer(await fetch(`/sim-proxy/${path}`)),
  act: async (path, body) => readAnswer(await fetch(`/sim-proxy/${path}`, json(body))),
};
