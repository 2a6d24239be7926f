import type { Attachment } from '@parley/client';
import { Image, Modal, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { urlOf } from '../chat/server';
import { IconButton } from '../design/controls';

export function PictureViewer({ picture, onClose }: { picture: Attachment; onClose: () => void }) {
  const { top } = useSafeAreaInsets();
  return (
    <Modal animationType="fade" onRequestClose={onClose} statusBarTranslucent>
      <View style={{ flex: 1, backgroundColor: '#000000' }}>
        <Image
          accessibilityLabel={picture.name ?? 'Picture'}
          source={{ uri: urlOf(picture.url) }}
          resizeMode="contain"
          style={{ flex: 1 }}
        />
        <View style={{ position: 'absolute', top, right: 0 }}>
          <IconButton icon="close" label="Close" color="#ffffff" onPress={onClose} />
        </View>
      </View>
    </Modal>
  );
}
