import { pingScene } from './b4-unread-pongs.mjs';

export const scene = pingScene('B4-native', 'the same on the native WebSocket: /', ['/']);
