import type { UploadSource } from '@parley/client';
import { expoFileSource } from '@parley/client/react-native';
import { File } from 'expo-file-system';
import * as ImagePicker from 'expo-image-picker';

export interface PickedPicture {
  uri: string;
  source: UploadSource | globalThis.File;
}

/** None where the user went back; throws with words where the camera may not be used. */
export async function pickPictures(from: 'library' | 'camera'): Promise<PickedPicture[]> {
  // The picker of the library is the system's own, and asks for nothing.
  if (from === 'camera' && !(await ImagePicker.requestCameraPermissionsAsync()).granted)
    throw new Error('The camera may not be used. Allow it in the settings of this phone.');
  const { assets } =
    from === 'camera'
      ? await ImagePicker.launchCameraAsync({ mediaTypes: ['images'] })
      : await ImagePicker.launchImageLibraryAsync({ mediaTypes: ['images'], allowsMultipleSelection: true });
  return (assets ?? []).map(({ uri, fileName, mimeType }) => ({
    uri,
    source: expoFileSource(new File(uri), {
      ...(fileName == null ? {} : { name: fileName }),
      ...(mimeType === undefined ? {} : { mimeType }),
    }),
  }));
}
