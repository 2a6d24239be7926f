import type { OutboxItem } from '@parley/client';
import { Pressable, View } from 'react-native';
import { client } from '../chat/client';
import { reasonOf } from '../chat/words';
import { Words } from '../design/controls';
import { SPACE, useColors } from '../design/theme';

/** The same is refused again, however often it is sent. */
const PERMANENT: readonly string[] = ['CANNOT_MESSAGE', 'FORBIDDEN', 'NOT_FOUND', 'EDIT_WINDOW_CLOSED'];

interface Properties {
  change: OutboxItem;
}

/** An edit, a deletion or a reaction that the server has refused: why, and what one can do. */
export function RefusedChange({ change: { clientId, lastError: error } }: Properties) {
  const { danger } = useColors();
  return (
    <View style={{ flexDirection: 'row', flexWrap: 'wrap', columnGap: SPACE.m, paddingTop: 2 }}>
      <Words kind="small" role="alert" style={{ color: danger }}>
        Not done. {error === undefined ? '' : reasonOf(error)}
      </Words>
      {error !== undefined && PERMANENT.includes(error.code) ? null : (
        <Choice label="Try again" onPress={() => client.outbox.retry(clientId)} />
      )}
      <Choice label="Discard" onPress={() => void client.outbox.drop(clientId).catch(() => undefined)} />
    </View>
  );
}

function Choice({ label, onPress }: { label: string; onPress: () => void }) {
  const { accent } = useColors();
  return (
    <Pressable role="button" hitSlop={8} onPress={onPress}>
      <Words kind="small" style={{ color: accent, fontWeight: '600' }}>
        {label}
      </Words>
    </Pressable>
  );
}
