import { makeZip } from './nomad/make-zip.ts';
import type { NomadServer, UserName } from './nomad-server.ts';
import { untilTrue } from './until.ts';

/** What a person does in the platform's web pages: a new upload of their own, and files dropped into it as a zip. */
export async function uploadByHand(
  nomad: NomadServer,
  user: UserName,
  { name, files }: { readonly name: string; readonly files: Readonly<Record<string, string | Buffer>> },
): Promise<string> {
  const headers = { authorization: `Bearer ${nomad.appToken(user, 3600)}`, accept: 'application/json' };
  const made = await fetch(`${nomad.url}/uploads?upload_name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers,
  });
  const { upload_id: id } = (await made.json()) as { upload_id: string };
  if (Object.keys(files).length > 0) await addByHand(nomad, user, { id, files });
  return id;
}

/** More files into an upload. */
export async function addByHand(
  nomad: NomadServer,
  user: UserName,
  { id, files }: { readonly id: string; readonly files: Readonly<Record<string, string | Buffer>> },
): Promise<void> {
  const zip = makeZip(Object.entries(files).map(([path, data]) => ({ name: path, data })));
  const put = await fetch(`${nomad.url}/uploads/${id}/raw/`, {
    method: 'PUT',
    headers: {
      ...{ authorization: `Bearer ${nomad.appToken(user, 3600)}`, accept: 'application/json' },
      'content-type': 'application/zip',
    },
    body: new Uint8Array(zip),
  });
  if (put.status !== 200) throw new Error(`by hand: ${put.status} ${await put.text()}`);
  await untilTrue(
    () => nomad.uploads().find((one) => one.id === id)?.status === 'SUCCESS',
    'the upload by hand is processed',
  );
}

/** Takes a file, or a folder with all that is in it, out of an upload again. */
export async function removeByHand(
  nomad: NomadServer,
  user: UserName,
  { id, path }: { readonly id: string; readonly path: string },
): Promise<void> {
  const headers = { authorization: `Bearer ${nomad.appToken(user, 3600)}`, accept: 'application/json' };
  const gone = await fetch(`${nomad.url}/uploads/${id}/raw/${path}`, { method: 'DELETE', headers });
  if (gone.status !== 200) throw new Error(`by hand: ${gone.status} ${await gone.text()}`);
  await untilTrue(
    () => nomad.uploads().find((one) => one.id === id)?.status === 'SUCCESS',
    'the upload by hand is processed',
  );
}
