let access, renewal; // in memory alone: what survives a reload is the HttpOnly refresh cookie
const page = document.body.dataset; // page.state is the id of the part that is shown: "loading", "out" or "in"
const $ = (id) => document.getElementById(id);
async function send(method, path, fields = []) {
  const headers = { ...(access && { authorization: access.bearer }), "content-type": "application/json" };
  const body = method === "POST" ? JSON.stringify(Object.fromEntries(fields)) : null;
  page.busy = path;
  const response = await fetch(path, { method, headers, body }).catch(() => Response.error());
  const answer = await response.json().catch(() => ({}));
  delete page.busy;
  return response.ok ? answer : Promise.reject({ status: response.status, code: "no_answer", ...answer }); // RFC 9457
}
function enter(state) {
  if (page.state === state) return;
  page.state = state;
  document.forms.login.reset(); // the password, and the service's last answer
  $(state).focus();
  if (state === "in") document.forms.devices.requestSubmit();
  else access = null;
}
function keep({ access_token, expires_in }) {
  access = { bearer: `Bearer ${access_token}`, life: expires_in, ends: Date.now() / 1000 + expires_in };
  enter("in");
}
function fail({ status, code, title }) {
  $("notice").textContent ||= `${$(code)?.textContent ?? title} (${status} ${code})`;
  if (status === 401) enter(page.state === "in" ? "loading" : "out"); // a cookie that is still good leads back in
}
const settled = () => setTimeout(() => (renewal = null), 2000); // a store that is down is asked every 2 s
const renew = () => (renewal ??= send("POST", "/auth/refresh").then(keep).finally(settled));
function device({ id, user_agent, address, last_used_at, current }) {
  const item = document.importNode($("device").content.firstElementChild, true);
  item.querySelector("b").textContent = /Edg|Firefox|Chrome|Safari|curl|$/.exec(user_agent)[0] || "Another client";
  item.querySelector("small").textContent = `last used ${new Date(last_used_at).toLocaleString()} from ${address}`;
  if (!current) item.querySelector("em").remove();
  item.querySelector("form").action += id;
  return item;
}
const done = {
  login: keep,
  logout: () => enter("out"),
  orders: (answer) => ($("answer").value = JSON.stringify(answer, null, 2)),
  devices: ({ sessions }) => $("devices").replaceChildren(...sessions.map(device)),
  revoke: () => document.forms.devices.requestSubmit(),
};
document.onsubmit = (event) => {
  event.preventDefault();
  const form = event.target;
  $("notice").textContent = "";
  const ready = access?.ends < Date.now() / 1000 ? renew() : Promise.allSettled([renewal]);
  ready.then(() => send(form.dataset.method, form.action, new FormData(form))).then(done[form.name], fail);
};
setInterval(() => {
  const { life = 1, ends = 0 } = access ?? {};
  const left = Math.max(0, ends - Date.now() / 1000);
  $("life").value = left / life;
  $("left").textContent = `${Math.ceil(left)} s left, issued at ${new Date((ends - life) * 1000).toLocaleTimeString()}`;
  if (page.state !== "out" && left < life / 5 && !renewal && !document.hidden) renew().catch(fail);
}, 250);
