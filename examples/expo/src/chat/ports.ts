import { appStateLifecycle, netInfoConnectivity, secureStoreTokens } from '@parley/client/react-native';
import { expoSqliteStorage } from '@parley/client/storage/expo-sqlite';
import NetInfo from '@react-native-community/netinfo';
import * as SecureStore from 'expo-secure-store';
import * as SQLite from 'expo-sqlite';
import { AppState } from 'react-native';

export const ports = {
  storage: expoSqliteStorage(SQLite),
  tokens: secureStoreTokens(SecureStore),
  lifecycle: appStateLifecycle(AppState),
  connectivity: netInfoConnectivity(NetInfo),
};
