import { type Anything, Device, type Person } from './story.js';

/** A connection to a server, of somebody who may have registered at another. */
export async function deviceAt(server: { url: string }, person: Person): Promise<Device> {
  const device = new Device(server.url, { token: person.accessToken });
  await device.next('session:ready');
  return device;
}

/** Whether an event is of a message that says so. */
export const content =
  (text: string) =>
  ({ message }: Anything): boolean =>
    message.content === text;
