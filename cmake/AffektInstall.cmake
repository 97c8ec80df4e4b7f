# Install and export: find_package(affekt) gives affekt::core, affekt::faces, affekt::learn and affekt::affekt (all of them).
include(CMakePackageConfigHelpers)

add_library(affekt_all INTERFACE)
target_link_libraries(affekt_all INTERFACE ${AFFEKT_LIBRARIES})
set_target_properties(affekt_all PROPERTIES EXPORT_NAME affekt)
add_library(affekt::affekt ALIAS affekt_all)

install(TARGETS ${AFFEKT_LIBRARIES} affekt_all EXPORT affekt-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/affekt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY share/ DESTINATION ${CMAKE_INSTALL_DATADIR}/affekt)
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/affekt)
install(EXPORT affekt-targets NAMESPACE affekt:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/affekt)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/affekt-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_package_config_file(cmake/affekt-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/affekt-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/affekt)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/affekt-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/affekt-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/affekt)

# The build tree shows its bundled files where the install tree has them: bin/../share/affekt.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/affekt)
foreach(folder models catalogue photos)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/share/${folder} ${CMAKE_BINARY_DIR}/share/affekt/${folder} SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/configs ${CMAKE_BINARY_DIR}/share/affekt/configs SYMBOLIC)
