/** Pixels of a thumbnail's longer side, on screens of twice the density too. */
export const THUMBNAIL = 160;

/** Pixels of the longer side of a picture in a grid of tiles, at their largest. */
export const TILE = 512;

/** Where a picture is got. @param size pixels of its longer side, scaled down by the studio; as large as it is by default */
export function mediaAddress(id: string, size?: number): string {
  return `/api/media/${encodeURIComponent(id)}${size === undefined ? '' : `?size=${size}`}`;
}
