/** A question with its answers as a file, written by the studio. */
import { errorOfAnswer } from '../../../api/api-error.ts';

export interface ExportedFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** Gets a file of the studio as text. @throws ApiError */
export async function fetchFile(path: string, name: string): Promise<ExportedFile> {
  const answer = await fetch(path);
  if (!answer.ok) throw await errorOfAnswer(answer);
  return { name, type: answer.headers.get('Content-Type') ?? 'text/plain', text: await answer.text() };
}

/** @throws ApiError */
export function exportText(id: string, format: 'markdown' | 'json'): Promise<ExportedFile> {
  const path = `/api/compare/history/${encodeURIComponent(id)}/export?format=${format}`;
  return fetchFile(path, `comparison.${format === 'markdown' ? 'md' : 'json'}`);
}
