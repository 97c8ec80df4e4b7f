#include "train/train_setup.h"

#include <utility>

#include "affekt/nn/compute.h"
#include "nn/images.h"

namespace affekt {

TrainSetup::TrainSetup(const Dataset& its_data, TrainRows its_rows, const TrainOptions& its_options,
                       Teachers its_teachers, const TrainObserver& its_observer, Collective& its_ranks)
    : data(its_data),
      options(its_options),
      rows(std::move(its_rows)),
      teachers(std::move(its_teachers)),
      observer(its_observer),
      ranks(its_ranks),
      device_text(resolve_device(options.compute.device)),
      device(device_text),
      faces(data, rows.training, options, device),
      validation_images(image_tensor(data, rows.validation, device)),
      begin_(std::chrono::steady_clock::now()) {}

double TrainSetup::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

}  // namespace affekt
