// A process that writes rows until it is killed, and prints the number of each that is durable.
import { fileStorage } from '../../src/storage/file.js';

const [folder = '', name = ''] = process.argv.slice(2);
const database = await fileStorage(folder).open(name);
process.stdout.write('open\n');
for (let number = 0; ; number += 1) {
  await database.transaction('readwrite', ['outbox', 'messages'], async (transaction) => {
    await transaction.put('outbox', `row/${String(number).padStart(8, '0')}`, { number, text: 'x'.repeat(500) });
    await transaction.put('messages', 'last', number);
  });
  process.stdout.write(`${number}\n`);
}
