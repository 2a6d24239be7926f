import { expoFileSource } from '@parley/client/react-native';
import { Directory, File, Paths } from 'expo-file-system';
import * as ImagePicker from 'expo-image-picker';
import { forgetPickedPictures, type PickedPicture } from './picked-pictures';

/** Up to `limit`, none where the user went back; throws with words where the camera may not be used. */
export async function pickPictures(from: 'library' | 'camera', limit: number): Promise<PickedPicture[]> {
  // The picker of the library is the system's own, and asks for nothing.
  if (from === 'camera' && !(await ImagePicker.requestCameraPermissionsAsync()).granted)
    throw new Error('The camera may not be used. Allow it in the settings of this phone.');
  const { assets } =
    from === 'camera'
      ? await ImagePicker.launchCameraAsync({ mediaTypes: ['images'] })
      : await ImagePicker.launchImageLibraryAsync({
          mediaTypes: ['images'],
          allowsMultipleSelection: true,
          selectionLimit: limit,
        });
  return (assets ?? []).map(({ uri, fileName, mimeType }) => ({
    uri,
    source: expoFileSource(new File(uri), {
      ...(fileName == null ? {} : { name: fileName }),
      ...(mimeType === undefined ? {} : { mimeType }),
    }),
  }));
}

/** The picker copies what is picked, and leaves the copies. */
export function removePickedPictures(): void {
  forgetPickedPictures();
  const copies = new Directory(Paths.cache, 'ImagePicker');
  if (copies.exists) copies.delete();
}
