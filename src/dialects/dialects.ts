// Every older dialect, a line each: to delete one, delete its folder and its line.
export { DirectEventsModule } from './direct-events/direct-events.module.js';
export { NamespacedEventsModule } from './namespaced-events/namespaced-events.module.js';
export { WsEventsModule } from './ws-events/ws-events.module.js';
export { WsRoomsModule } from './ws-rooms/ws-rooms.module.js';
