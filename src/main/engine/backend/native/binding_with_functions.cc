// tfjs-node's binding plus two calls: registerFunction and removeFunction.
//
// The eager context runs any function that is registered in it by name, as if it were an op, so the binding's own
// executeOp needs no change. Only the registration is missing. It needs the binding's TFE_Context, a private member of
// its backend, hence the way the binding's sources are included here: they stay as the package ships them. This file is
// compiled in place of tfjs_binding.cc, which it includes.

#include <node_api.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

#define private public
#include "tfjs_backend.h"
#undef private

// The module's registration moves to the end of this file.
#undef NAPI_MODULE
#define NAPI_MODULE(name, init)
#include "tfjs_binding.cc"

namespace tfnodejs {
namespace {

void Throw(napi_env env, const std::string& what) { napi_throw_error(env, nullptr, what.c_str()); }

std::string ReadString(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return "";
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, &text[0], length + 1, &length);
  return text;
}

// Reads ["node:0", …] as outputs of the graph's nodes. False, with a JavaScript error pending, where a node is missing.
bool ReadOutputs(napi_env env, TF_Graph* graph, napi_value list, std::vector<TF_Output>* outputs) {
  uint32_t count = 0;
  napi_get_array_length(env, list, &count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    napi_get_element(env, list, i, &element);
    const std::string text = ReadString(env, element);
    const size_t colon = text.rfind(':');
    TF_Operation* operation = TF_GraphOperationByName(graph, text.substr(0, colon).c_str());
    if (operation == nullptr || colon == std::string::npos) {
      Throw(env, "the graph has no output " + text);
      return false;
    }
    outputs->push_back({operation, std::atoi(text.c_str() + colon + 1)});
  }
  return true;
}

struct Graph {
  TF_Graph* graph = TF_NewGraph();
  ~Graph() { TF_DeleteGraph(graph); }
};

bool Import(napi_env env, napi_value bytes, TF_Graph* graph) {
  void* data = nullptr;
  size_t size = 0;
  if (napi_get_typedarray_info(env, bytes, nullptr, &size, &data, nullptr, nullptr) != napi_ok) {
    Throw(env, "registerFunction: the graph must be a Uint8Array");
    return false;
  }
  TF_AutoStatus status;
  TF_Buffer* buffer = TF_NewBufferFromString(data, size);
  TF_ImportGraphDefOptions* options = TF_NewImportGraphDefOptions();
  TF_GraphImportGraphDef(graph, buffer, options, status.status);
  TF_DeleteImportGraphDefOptions(options);
  TF_DeleteBuffer(buffer);
  if (TF_GetCode(status.status) == TF_OK) return true;
  Throw(env, std::string("registerFunction: ") + TF_Message(status.status));
  return false;
}

// registerFunction(name, graphDef, inputs, outputs): makes a GraphDef a function of the eager context.
napi_value RegisterFunction(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value args[4];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  TFJSBackend* const backend = GetTFJSBackend(env);
  if (backend == nullptr || count < 4) {
    Throw(env, "registerFunction takes name, graphDef, inputs and outputs");
    return nullptr;
  }
  const std::string name = ReadString(env, args[0]);
  Graph graph;
  std::vector<TF_Output> inputs, outputs;
  if (!Import(env, args[1], graph.graph)) return nullptr;
  if (!ReadOutputs(env, graph.graph, args[2], &inputs)) return nullptr;
  if (!ReadOutputs(env, graph.graph, args[3], &outputs)) return nullptr;
  TF_AutoStatus status;
  TF_Function* function =
      TF_GraphToFunction(graph.graph, name.c_str(), /*append_hash_to_fn_name=*/0, /*num_opers=*/-1,
                         /*opers=*/nullptr, inputs.size(), inputs.data(), outputs.size(), outputs.data(),
                         /*output_names=*/nullptr, /*opts=*/nullptr, /*description=*/nullptr, status.status);
  if (TF_GetCode(status.status) == TF_OK) {
    TFE_ContextAddFunction(backend->tfe_context_, function, status.status);
    TF_DeleteFunction(function);
  }
  if (TF_GetCode(status.status) != TF_OK) Throw(env, std::string("registerFunction: ") + TF_Message(status.status));
  return nullptr;
}

// removeFunction(name): frees a registered function.
napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  TFJSBackend* const backend = GetTFJSBackend(env);
  if (backend == nullptr || count < 1) return nullptr;
  TF_AutoStatus status;
  TFE_ContextRemoveFunction(backend->tfe_context_, ReadString(env, args[0]).c_str(), status.status);
  if (TF_GetCode(status.status) != TF_OK) Throw(env, std::string("removeFunction: ") + TF_Message(status.status));
  return nullptr;
}

napi_value Init(napi_env env, napi_value exports) {
  exports = InitTFNodeJSBinding(env, exports);
  if (exports == nullptr) return nullptr;
  napi_property_descriptor calls[] = {
      {"registerFunction", nullptr, RegisterFunction, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, ARRAY_SIZE(calls), calls);
  return exports;
}

}  // namespace
}  // namespace tfnodejs

NAPI_MODULE_INIT() { return tfnodejs::Init(env, exports); }
