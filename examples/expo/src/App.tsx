import { ChatProvider, useConnection } from '@parley/client/react';
import { StatusBar } from 'expo-status-bar';
import { useEffect, useState } from 'react';
import { View } from 'react-native';
import { initialWindowMetrics, SafeAreaProvider } from 'react-native-safe-area-context';
import { client } from './chat/client';
import { useColors } from './design/theme';
import { NavigationProvider, Screens } from './navigation/navigation';
import { usePushTaps } from './push/hooks';
import { LoginScreen } from './session/LoginScreen';

export function App() {
  const { paper } = useColors();
  return (
    <SafeAreaProvider initialMetrics={initialWindowMetrics}>
      <ChatProvider client={client}>
        <NavigationProvider>
          <View style={{ flex: 1, backgroundColor: paper }}>
            <Gate />
          </View>
        </NavigationProvider>
      </ChatProvider>
      <StatusBar style="auto" />
    </SafeAreaProvider>
  );
}

/** Nobody but who is logged in gets further. What is cached shows before there is a network. */
function Gate() {
  const [isReady, setReady] = useState(false);
  const { status } = useConnection();
  usePushTaps();
  useEffect(() => {
    void client.ready.then(() => setReady(true));
  }, []);
  if (!isReady) return null;
  return client.userId === undefined || status === 'ended' ? <LoginScreen /> : <Screens />;
}
