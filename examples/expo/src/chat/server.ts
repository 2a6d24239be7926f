import Constants from 'expo-constants';
import * as Device from 'expo-device';
import { Platform } from 'react-native';

const DEVELOPMENT_PORT = 3000;

function findServer(): string {
  const given = process.env.EXPO_PUBLIC_PARLEY_URL;
  // Paths are appended to it.
  if (given !== undefined && given !== '') return given.replace(/\/+$/, '');
  // The export for the web is served beside the server.
  if (Platform.OS === 'web' && !__DEV__) return globalThis.location.origin;
  // While developing, the computer that Metro runs on, as this phone sees it.
  const host = Constants.expoConfig?.hostUri?.replace(/:\d+$/, '') ?? 'localhost';
  return `http://${host}:${DEVELOPMENT_PORT}`;
}

export const serverUrl = findServer();

/** In the user's list of sessions. */
export const deviceName = Device.deviceName ?? Device.modelName ?? 'Parley app';

/** Attachments name their place on the server, pictures that wait to be sent one on this device. */
export function urlOf(place: string): string {
  return place.startsWith('/') ? serverUrl + place : place;
}
