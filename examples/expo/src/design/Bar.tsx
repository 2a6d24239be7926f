import type { ReactNode } from 'react';
import { View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { useNavigation } from '../navigation/context';
import { IconButton, Words } from './controls';
import { SPACE, useColors } from './theme';

interface Properties {
  title: string;
  note?: string | undefined;
  /** Before the title: a picture. */
  lead?: ReactNode;
  hasBack?: boolean;
  children?: ReactNode;
}

/** What a screen is called, the way back, and what may be done. */
export function Bar({ title, note, lead, hasBack = true, children }: Properties) {
  const { back } = useNavigation();
  const { line, surface } = useColors();
  const { top } = useSafeAreaInsets();
  return (
    <View style={{ paddingTop: top, backgroundColor: surface, borderBottomWidth: 1, borderColor: line }}>
      <View style={{ minHeight: 56, flexDirection: 'row', alignItems: 'center', paddingHorizontal: SPACE.s, gap: 4 }}>
        {hasBack ? <IconButton icon="chevron-back" label="Back" onPress={back} /> : <View style={{ width: SPACE.s }} />}
        {lead}
        <View style={{ flex: 1, paddingHorizontal: SPACE.s }}>
          <Words kind={hasBack ? 'strong' : 'title'} role="heading" numberOfLines={1}>
            {title}
          </Words>
          {note === undefined ? null : (
            <Words kind="small" numberOfLines={1}>
              {note}
            </Words>
          )}
        </View>
        {children}
      </View>
    </View>
  );
}
