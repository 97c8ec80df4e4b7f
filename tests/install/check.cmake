function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${code}\n${out}\n${err}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
# The same generator: a machine may have ninja and no make.
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE}/consumer -B ${WORK}/consumer -DCMAKE_PREFIX_PATH=${WORK}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM})
run(${CMAKE_COMMAND} --build ${WORK}/consumer)
run(${WORK}/consumer/consumer)
if(NOT out MATCHES "^affekt [0-9]+\\.[0-9]+\\.[0-9]+ basic-cnn 7837895\n$")
  message(FATAL_ERROR "the consumer printed: ${out}")
endif()

# The installed tool must run from its new place and find its files there.
run(${WORK}/prefix/bin/affekt doctor)
if(NOT out MATCHES "moods +ok +[^\n]*work/prefix/share/affekt/configs/moods.json")
  message(FATAL_ERROR "the installed doctor printed:\n${out}")
endif()
