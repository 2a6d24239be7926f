/** The page that the document calls `test-websocket.html`: two of them side by side are a chat. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>WebSocket Chat Test</title>
<link rel="stylesheet" href="direct-events.css">
<script src="socket.io.min.js"></script>
<script src="direct-events.js" defer></script>
</head>
<body>
<h1>WebSocket Chat Test</h1>
<p id="status" data-state="disconnected">disconnected</p>
<section>
<label>Access token <input id="token" autocomplete="off" placeholder="empty: the cookie of a login here"></label>
<label>Your user ID <input id="userId" autocomplete="off"></label>
<button id="connect">Connect</button>
<button id="disconnect">Disconnect</button>
</section>
<section>
<label>Receiver ID <input id="receiverId" autocomplete="off"></label>
<label>Message <input id="message" autocomplete="off"></label>
<button id="send">Send</button>
<button id="history">Get chat history</button>
<button id="read">Mark last as read</button>
<p id="typing"></p>
</section>
<ol id="messages"></ol>
<pre id="log"></pre>
</body>
</html>
`;

export const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1c2330}
section{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin:1rem 0}label{display:flex;flex-direction:column;flex:1 1 14rem}
input,button{font:inherit;padding:.35rem .5rem}#status[data-state=connected]{color:#17703a}#status[data-state=refused]{color:#a3262b}
#log{background:#f4f6f9;padding:.8rem;max-height:16rem;overflow:auto;white-space:pre-wrap}.own{text-align:right;list-style:none}`;

export const SCRIPT = `'use strict';
const element = (id) => document.getElementById(id);
const value = (id) => element(id).value.trim();
let socket;
let lastReceivedId;
let typingTimer;

function log(event, data) {
  element('log').textContent += event + ' ' + JSON.stringify(data) + '\\n';
}

function state(name, text) {
  element('status').dataset.state = name;
  element('status').textContent = text ?? name;
}

function show(message) {
  const line = document.createElement('li');
  line.textContent = message.text || (message.file ? message.file.url : '');
  line.dataset.id = message._id;
  if (message.senderId === value('userId')) line.className = 'own';
  else lastReceivedId = message._id;
  element('messages').append(line);
}

element('connect').addEventListener('click', () => {
  socket?.disconnect();
  const token = value('token');
  socket = io({ query: { dialect: 'direct-events' }, auth: token === '' ? {} : { token }, forceNew: true });
  socket.onAny(log);
  socket.on('connect', () => {
    state('connected');
    socket.emit('setUserId', value('userId'));
  });
  socket.on('disconnect', (reason) => state('disconnected', 'disconnected: ' + reason));
  socket.on('connect_error', (error) => state('refused', error.message));
  socket.on('receiveMessage', show);
  socket.on('messageSent', show);
  socket.on('chatHistory', (messages) => {
    element('messages').replaceChildren();
    messages.forEach(show);
  });
  socket.on('userTyping', ({ userId, isTyping }) => {
    element('typing').textContent = isTyping ? userId + ' is typing…' : '';
  });
});
element('disconnect').addEventListener('click', () => socket?.disconnect());
element('send').addEventListener('click', () => {
  socket?.emit('sendMessage', { senderId: value('userId'), receiverId: value('receiverId'), text: element('message').value });
  element('message').value = '';
});
element('message').addEventListener('input', () => {
  socket?.emit('typing', { receiverId: value('receiverId'), isTyping: true });
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => socket?.emit('typing', { receiverId: value('receiverId'), isTyping: false }), 2000);
});
element('history').addEventListener('click', () => {
  socket?.emit('getChatHistory', { userId1: value('userId'), userId2: value('receiverId'), limit: 50, skip: 0 });
});
element('read').addEventListener('click', () => {
  if (lastReceivedId !== undefined) socket?.emit('messageRead', { messageId: lastReceivedId });
});
`;
