import { templateText } from '../data/conversation-choice.ts';
import type { LlavaConfig } from '../model/config.ts';
import type { CompanionFiles } from '../model/model-folder.ts';
import { processorCompanions } from '../model/square-padding.ts';

/**
 * Tokenizer, processor and chat template files with which Python turns a picture and a question into the very input that
 * this program's own model gets.
 *
 * @throws InputError where a file of the model is not valid
 */
export function pythonFiles(config: LlavaConfig, companions: CompanionFiles): CompanionFiles {
  return {
    ...processorCompanions(config, companions),
    'chat_template.jinja': templateText(companions, config.text.family),
  };
}
