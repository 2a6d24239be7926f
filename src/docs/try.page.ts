/** GET /docs/try.js: logs in, connects, sends what is in the form and shows what comes. */
export const TRY_SCRIPT = `const byId = (id) => document.getElementById(id);
const samples = JSON.parse(byId('samples').textContent);
const send = byId('send'), login = byId('login');
let socket;
const show = (text) => { byId('state').textContent = text; };
const log = (name, value) => {
  byId('log').textContent = new Date().toLocaleTimeString() + ' ' + name + ' ' + JSON.stringify(value, null, 2) + '\\n' + byId('log').textContent.slice(0, 100000);
};
const choose = () => {
  const { description, payload } = samples[send.event.value];
  byId('what').textContent = description.replaceAll(/\\x60/g, '');
  send.payload.value = JSON.stringify(payload, null, 2);
};
const fromHash = () => {
  const name = location.hash.replace('#try-', '');
  if (!(name in samples)) return;
  send.event.value = name;
  choose();
  byId('try').scrollIntoView();
};
send.event.addEventListener('change', choose);
addEventListener('hashchange', fromHash);
choose();
fromHash();
login.addEventListener('submit', async (event) => {
  event.preventDefault();
  const username = login.username.value, password = login.password.value;
  const isNew = event.submitter?.value === 'register';
  const body = isNew ? { email: username + '@example.com', username, password } : { username, password };
  show('…');
  // The cookies of this origin are those of the chat page, which somebody may be logged in to.
  const answer = await fetch('/auth/' + (isNew ? 'register' : 'login'), { method: 'POST', credentials: 'omit', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const reply = await answer.json();
  if (!answer.ok || !reply.accessToken) return show(reply.message ?? 'The e-mail address must be verified first.');
  socket?.close();
  socket = io({ auth: { token: reply.accessToken } });
  socket.on('connect', () => { show('Connected as ' + username + '.'); send.querySelector('button').disabled = false; });
  socket.on('connect_error', (error) => show('Refused: ' + (error.data?.code ?? error.message)));
  socket.on('disconnect', (reason) => { show('Disconnected: ' + reason); send.querySelector('button').disabled = true; });
  socket.onAny((name, payload) => log(name, payload));
});
send.addEventListener('submit', (event) => {
  event.preventDefault();
  let payload;
  try { payload = JSON.parse(send.payload.value); } catch { return log('payload', 'is no JSON'); }
  const name = send.event.value;
  socket.emit(name, payload, (answer) => log('acknowledgement of ' + name, answer));
});
`;
