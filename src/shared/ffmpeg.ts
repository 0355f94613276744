/** What to do where videos cannot be decoded. */
export const INSTALL_FFMPEG =
  'Install ffmpeg (Debian: apt-get install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg)';
