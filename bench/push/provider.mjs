// A push provider in a process of its own: Expo's, as the server speaks to it. Takes everything, and counts it.
import { createServer } from 'node:http';

let notifications = 0;
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') return response.end(JSON.stringify({ notifications }));
    const given = JSON.parse(Buffer.concat(chunks).toString());
    if (!Array.isArray(given)) return response.end(JSON.stringify({ data: {} }));
    notifications += given.length;
    response.end(
      JSON.stringify({ data: given.map((_, index) => ({ status: 'ok', id: `${notifications}.${index}` })) }),
    );
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listens on http://127.0.0.1:${server.address().port}`));
