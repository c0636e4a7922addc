// Calls of the user's side and of the simulator.

// `?user=ID` looks at the chat as somebody else, `&chat=ID` at a group that person is in.
const asked = new URLSearchParams(location.search);
const numberOf = (name) => (/^-?\d+$/.test(asked.get(name) ?? "") ? Number(asked.get(name)) : undefined);
const userId = numberOf("user");
const chatId = numberOf("chat");

const who = () => ({ ...(userId === undefined ? {} : { user_id: userId }), ...(chatId === undefined ? {} : { chat_id: chatId }) });

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
  for (const [name, value] of Object.entries(who())) form.append(name, String(value));
  form.append("caption", caption);
  form.append("file", file, file.name);
  const isPicture = ["image/png", "image/jpeg", "image/webp", "image/gif"].includes(file.type);
  return readAnswer(await fetch(isPicture ? "/user/photo" : "/user/document", { method: "POST", body: form }));
}

export const simulator = {
  look: async (path) => readAnswer(await fetch(`/sim-proxy/${path}`)),
  act: async (path, body) => readAnswer(await fetch(`/sim-proxy/${path}`, json(body))),
};
