// Imported before everything else, so it keeps to syntax that old versions of Node can read.

var MINIMUM_MAJOR = 20;
var MINIMUM_MINOR = 19;

/**
 * Whether a version of Node, e.g. `v20.19.0`, is new enough for this project.
 * @param {string} version
 */
export function isSupportedNode(version) {
  var parts = version.replace(/^v/, '').split('.');
  var major = Number(parts[0]);
  return major > MINIMUM_MAJOR || (major === MINIMUM_MAJOR && Number(parts[1]) >= MINIMUM_MINOR);
}

export var MINIMUM_NODE = MINIMUM_MAJOR + '.' + MINIMUM_MINOR;

if (!isSupportedNode(process.version)) {
  console.error(
    'LLaVolta Studio needs Node ' +
      MINIMUM_NODE +
      ' or later; this is ' +
      process.version +
      '. ' +
      "Install a current version (nodejs.org, or your system's package manager) and run the command again.",
  );
  process.exit(1);
}
