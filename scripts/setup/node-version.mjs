// Imported before everything else, so it keeps to syntax that old versions of Node can read.

var MINIMUM = [20, 19];

/**
 * Whether a version of Node, e.g. `v20.19.0`, is new enough for this project.
 * @param {string} version
 */
export function isSupportedNode(version) {
  var parts = version.replace(/^v/, '').split('.').map(Number);
  return parts[0] > MINIMUM[0] || (parts[0] === MINIMUM[0] && parts[1] >= MINIMUM[1]);
}

export var MINIMUM_NODE = MINIMUM.join('.');

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
