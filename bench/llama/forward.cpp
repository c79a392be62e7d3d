// Forward passes of a model in GGUF by llama.cpp, timed. A JSON line asks on standard input, one answers on standard output:
//   {"model": FILE, "threads": 2, "passes": 3, "tokens": [[...], ...]}   rows of one length
//   {"ms": of all passes, "most_probable": [...]}                        of the first row, at each position
// What goes wrong is an answer, too: {"error": "..."}. A model and a shape are kept until others are asked for.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <llama.h>
#include <nlohmann/json.hpp>

using json = nlohmann::json;
using Model = std::unique_ptr<llama_model, decltype(&llama_model_free)>;
using Context = std::unique_ptr<llama_context, decltype(&llama_free)>;
using Rows = std::vector<std::vector<llama_token>>;

namespace {

struct Opened {
  std::string key;
  Model model{nullptr, llama_model_free};
  Context context{nullptr, llama_free};
};

void open(Opened &opened, const std::string &file, int threads, int rows, int length) {
  const std::string key = file + '/' + std::to_string(threads) + '/' + std::to_string(rows) + '/' + std::to_string(length);
  if (opened.key == key) return;
  opened = Opened{};
  auto model = llama_model_default_params();
  model.n_gpu_layers = 0;
  model.progress_callback = [](float, void *) { return true; };
  opened.model.reset(llama_model_load_from_file(file.c_str(), model));
  if (!opened.model) throw std::runtime_error("llama.cpp does not load " + file);
  auto context = llama_context_default_params();
  // Attention that looks both ways wants all positions in one piece.
  context.n_ctx = context.n_batch = context.n_ubatch = rows * length;
  context.n_seq_max = rows;
  context.n_threads = context.n_threads_batch = threads;
  opened.context.reset(llama_init_from_model(opened.model.get(), context));
  if (!opened.context) throw std::runtime_error("llama.cpp makes no context");
  opened.key = key;
}

// Every row is a sequence of its own; logits are wanted at every position.
llama_batch batch_of(const Rows &rows) {
  const int length = static_cast<int>(rows.front().size());
  llama_batch batch = llama_batch_init(static_cast<int>(rows.size()) * length, 0, 1);
  for (size_t row = 0; row < rows.size(); row++) {
    for (int i = 0; i < length; i++) {
      const int at = batch.n_tokens++;
      batch.token[at] = rows[row].at(i);
      batch.pos[at] = i;
      batch.n_seq_id[at] = 1;
      batch.seq_id[at][0] = static_cast<llama_seq_id>(row);
      batch.logits[at] = true;
    }
  }
  return batch;
}

json answer(const json &request, Opened &opened) {
  const Rows rows = request.at("tokens").get<Rows>();
  const int length = static_cast<int>(rows.at(0).size());
  open(opened, request.at("model"), request.at("threads"), static_cast<int>(rows.size()), length);
  llama_batch batch = batch_of(rows);
  const auto begin = std::chrono::steady_clock::now();
  int failed = 0;
  for (int pass = 0; pass < request.at("passes").get<int>() && failed == 0; pass++) {
    failed = llama_decode(opened.context.get(), batch);
    llama_synchronize(opened.context.get());
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  llama_batch_free(batch);
  if (failed != 0) throw std::runtime_error("llama_decode: " + std::to_string(failed));
  const int columns = llama_vocab_n_tokens(llama_model_get_vocab(opened.model.get()));
  json most_probable = json::array();
  for (int i = 0; i < length; i++) {
    const float *logits = llama_get_logits_ith(opened.context.get(), i);
    most_probable.push_back(std::max_element(logits, logits + columns) - logits);
  }
  return {{"ms", took.count()}, {"most_probable", most_probable}};
}

}  // namespace

int main() {
  llama_log_set([](ggml_log_level level, const char *text, void *) { if (level >= GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr); }, nullptr);
  llama_backend_init();
  Opened opened;
  for (std::string line; std::getline(std::cin, line);) {
    json answered;
    try {
      answered = answer(json::parse(line), opened);
    } catch (const std::exception &error) {
      answered = {{"error", error.what()}};
    }
    std::cout << answered << std::endl;
  }
  opened = Opened{};
  llama_backend_free();
}
